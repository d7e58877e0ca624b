.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
OUT ?= out
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-deps

help: ## what can be done here
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.venv/installed: requirements.lock pyproject.toml
	@echo "Setting up in .venv: once, about a minute."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(PIP) --quiet --progress-bar on --require-hashes -r requirements.lock
	$(PIP) --quiet --no-build-isolation -e .
	@touch $@

setup: .venv/installed ## install everything, pinned, into .venv (the other targets do this themselves)

run: setup ## play two whole bedside sessions: a newborn of the model, an adult from a real recording
	@$(BIN)/calando simulate newborn --out $(OUT)/newborn
	@$(BIN)/calando simulate adult_recording --out $(OUT)/adult_recording

test: setup ## every test, in random order
	$(BIN)/pytest

check: setup mpy ## ruff, pyright, dead code, import directions, the chip's compiler, hazards, and mutants of the guard
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright -p pyrightconfig.firmware.json
	$(BIN)/pyright
	$(BIN)/vulture
	$(BIN)/pytest -n 0 tests/unit/test_layers.py
	$(BIN)/python -m host_tools.docs.hazards_doc --check
	$(BIN)/python -m host_tools.docs.wiring --check
	$(BIN)/python -m host_tools.docs.settings_doc --check
	$(BIN)/python -m host_tools.docs.architecture --check
	$(BIN)/python tests/checks/mutation.py

campaign-teeth: setup ## faults put into guard, tempo, dose and sound, each of which a campaign must find
	$(BIN)/python tests/checks/campaign_teeth.py

campaign: setup ## a small campaign: about a thousand simulated patients in some three minutes, with a page
	@$(BIN)/calando campaign bedside --out $(OUT)/campaign

mpy: setup ## compile the firmware for the chip's Cortex-M0+, into build/firmware
	@$(BIN)/python -m host_tools.release.compile_firmware --arch armv6m --out build/firmware

LINES ?= 1000000
FILES ?= 10000
SEED ?= 1
fuzz: setup ## lines that mean the USB link no good, on both runtimes (LINES=1000000 each, SEED=1), and damaged songs (FILES=10000)
	$(BIN)/python tests/fuzz/link_fuzz.py --lines $(LINES) --seed $(SEED) --runtime micropython
	$(BIN)/python tests/fuzz/link_fuzz.py --lines $(LINES) --seed $(SEED) --runtime cpython
	PYTHONPATH=tests/support $(BIN)/python tests/fuzz/songs_fuzz.py --files $(FILES) --seed $(SEED)

.venv/installed-bench: .venv/installed requirements-bench.lock
	$(PIP) --quiet --progress-bar on --require-hashes -r requirements-bench.lock
	@touch $@

bench: .venv/installed-bench ## speed of a session and of the sound, cycles on the chip, the pulse beside its peers
	$(BIN)/python tests/bench/session.py
	$(BIN)/python tests/bench/campaign.py
	$(BIN)/python tests/bench/audio.py
	$(BIN)/python tests/bench/audio_cycles.py
	$(BIN)/python tests/bench/vitals.py
	$(BIN)/python tests/bench/breath.py
	$(BIN)/python tests/bench/session_table.py
	$(BIN)/python tests/bench/studio.py

RUNS ?= 5
bench-against: setup ## this tree beside another commit, taking turns: make bench-against REV=400a7de (RUNS=5)
	$(BIN)/python tests/bench/against.py $(REV) --runs $(RUNS)

deploy: setup ## put the firmware on the board that is plugged in (PORT=/dev/... to choose)
	@$(BIN)/calando deploy $(if $(PORT),--port $(PORT))

release: setup ## one archive for both boards, with hashes and a bill of materials, into dist/
	@$(BIN)/python -m host_tools.release.archive --out dist

.venv/installed-chip: .venv/installed requirements-chip.lock
	$(PIP) --quiet --progress-bar on --require-hashes -r requirements-chip.lock
	@touch $@

setup-chip: .venv/installed-chip ## install the emulated RP2040 too, for `--runtime rp2040` (CALANDO_UF2 names the image)

MINUTES ?= 10
bench-rp2040: .venv/installed-chip ## what the firmware costs on the emulated chip, into docs/chip-budget.md (MINUTES=10: an hour or more)
	$(BIN)/python tests/bench/rp2040.py --minutes $(MINUTES)

studio: setup ## the therapist's page in your browser; with a simulated device where none is plugged in
	@$(BIN)/calando studio $$($(BIN)/calando device list > /dev/null 2>&1 || echo --port sim)

listen: setup ## every song and soundscape as a WAV with its picture, and a page to hear them from
	$(BIN)/python -m host_tools.docs.listen --out $(OUT)/listen

guide: setup ## the pictures of docs/therapist-guide.md and docs/studio.md (the latter with chromium)
	@$(BIN)/python -m host_tools.docs.guide_pictures
	@$(BIN)/python -m host_tools.docs.studio_pictures

story: setup ## each scenario, played, as a few plain sentences
	@$(BIN)/python -m host_tools.play.story

lock: ## renew the pinned versions (needs uv; --no-emit-index-url keeps addresses out)
	uv pip compile pyproject.toml --extra campaign --extra check --extra record --extra studio --extra test --universal --no-annotate --no-header --generate-hashes -o requirements.lock
	uv pip compile pyproject.toml --extra bench --constraint requirements.lock --universal --no-annotate --no-header --generate-hashes -o requirements-bench.lock
	uv pip compile pyproject.toml --extra chip --constraint requirements.lock --universal --no-annotate --no-header --generate-hashes -o requirements-chip.lock

clean: ## remove what was built or installed here
	rm -rf .venv build dist $(OUT) *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup run test check campaign campaign-teeth mpy fuzz bench bench-against deploy release setup-chip bench-rp2040 studio listen guide story lock clean
