"""The flash chip as a file system at /data, as MicroPython's start-up mounts it on the chip."""

import os

import rp2


def mount():
    flash = rp2.Flash()
    try:
        files = os.VfsLfs2(flash, progsize=256, mtime=False)
    except OSError:
        os.VfsLfs2.mkfs(flash, progsize=256)
        files = os.VfsLfs2(flash, progsize=256, mtime=False)
    os.mount(files, "/data")
