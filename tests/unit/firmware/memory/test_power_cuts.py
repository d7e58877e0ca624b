"""Old or new, never neither: the store on littlefs, with the power cut before, within and after every flash operation."""

import random

import power_cuts
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from firmware.memory.store import Store
from simulator import flash as chips
from simulator.interpreter import ROOT, find_micropython, run_script, why_no_micropython

SLOTS = {"profile": 2, "dose": 2, "calibration": 2, "session": 8}


def formatted():
    flash = chips.Flash()
    power_cuts.store_on(flash)
    return bytes(flash.image)


def test_no_cut_of_a_year_of_saves_loses_anything():
    assert power_cuts.count_saves(power_cuts.a_few) > 250


def test_a_cut_while_the_file_system_is_made_leaves_a_device_that_boots():
    flash = power_cuts.Recorder()
    power_cuts.store_on(flash)
    for where, image in power_cuts.cuts(chips.Flash().image, flash.operations, power_cuts.a_few):
        store = power_cuts.store_on(power_cuts.Recorder(image))
        store.save("dose", 1, b"first")
        assert power_cuts.newest(store, "dose", 2) == (1, b"first"), where


class StoreMachine(RuleBasedStateMachine):
    """Random saves beside a model that is a list for each name; the power goes wherever it likes, again and again."""

    def __init__(self):
        super().__init__()
        self.image = formatted()
        self.model = {name: [] for name in SLOTS}
        self.number = 0

    def _save(self, name, size, schema):
        self.number += 1
        flash = power_cuts.Recorder(self.image)
        new = (schema, power_cuts.payload(self.number, size))
        power_cuts.store_on(flash).save(name, *new, SLOTS[name])
        return flash, [*self.model[name], new][-SLOTS[name] :]

    @rule(name=st.sampled_from(sorted(SLOTS)), size=st.integers(0, 6000), schema=st.integers(0, 65535))
    def save(self, name, size, schema):
        flash, self.model[name] = self._save(name, size, schema)
        self.image = bytes(flash.image)

    @rule(
        name=st.sampled_from(sorted(SLOTS)),
        size=st.integers(0, 6000),
        schema=st.integers(0, 65535),
        where=st.floats(0, 1),
        tear=st.floats(0, 1),
        seed=st.integers(0, 2**30),
    )
    def cut(self, name, size, schema, where, tear, seed):
        flash, new = self._save(name, size, schema)
        left = [
            image
            for _, image in power_cuts.cuts(
                self.image, flash.operations, lambda length: [int(tear * (length - 1))], seed
            )
        ]
        self.image = left[int(where * (len(left) - 1))]
        kept = power_cuts.history(power_cuts.store_on(power_cuts.Recorder(self.image)), name, SLOTS[name])
        assert kept in (self.model[name], new)
        self.model[name] = kept

    @invariant()
    def all_is_there(self):
        store = power_cuts.store_on(power_cuts.Recorder(self.image))
        for name, slots in SLOTS.items():
            assert power_cuts.history(store, name, slots) == self.model[name]
            newest = self.model[name][-1] if self.model[name] else None
            assert power_cuts.newest(store, name, slots) == newest
            assert not store.damaged(name, slots)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=12, stateful_step_count=12)


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_is_an_older_record_or_none_and_never_a_wrong_one(seed):
    """Anywhere on the chip, also in the file system's own blocks: what is loaded was saved once, and the device boots."""
    chance = random.Random(seed)
    flash = chips.Flash()
    store = power_cuts.store_on(flash)
    saved = {name: [None] for name in SLOTS}
    for number in range(24):
        name = chance.choice(sorted(SLOTS))
        data = power_cuts.payload(number, chance.choice((60, 300, 2000)))
        store.save(name, 1, data, SLOTS[name])
        saved[name].append((1, data))
    used = [place for place, byte in enumerate(flash.image) if byte != 0xFF]
    for _ in range(25):
        damaged = power_cuts.Recorder(flash.image)
        for _ in range(chance.choice((1, 1, 3))):
            damaged.image[chance.choice(used)] ^= 1 << chance.randrange(8)
        store = power_cuts.store_on(damaged)
        for name, slots in SLOTS.items():
            assert power_cuts.newest(store, name, slots) in saved[name]
            assert all(record in saved[name] for record in power_cuts.history(store, name, slots))
        store.save("dose", 2, b"after", 2)  # and it goes on


def test_damage_to_both_slots_is_reported():
    flash = chips.Flash()
    files = chips.HostFiles(chips.mount(flash.read, flash.program, flash.erase))
    store = Store(files)
    for number in range(2):
        store.save("profile", 1, power_cuts.payload(number, 900))
    for slot in range(2):
        whole = bytearray(920)
        files.read_into(f"profile.{slot}", 0, whole)
        whole[500] ^= 4
        files.write(f"profile.{slot}", (bytes(whole),))
    assert store.load("profile") is None
    assert store.damaged("profile")


@pytest.mark.skipif(find_micropython() is None, reason=why_no_micropython())
def test_micropythons_own_littlefs_loses_nothing_either():
    said = run_script(ROOT / "tests" / "on_device" / "store_on_micropython.py", heap_kib=4096).stdout.decode()
    count = int(said.split()[0])
    assert count > 200, said
