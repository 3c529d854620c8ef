"""animate.py FRAMES FILE: puts pictures, NUMBER-MILLISECONDS.png, together to an animated WebP that begins anew when it ends."""

import sys
from pathlib import Path

from PIL import Image

frames = sorted(Path(sys.argv[1]).glob("*.png"))
if not frames:
    sys.exit(f"there are no pictures in {sys.argv[1]}")
first, *others = [Image.open(frame).convert("RGB") for frame in frames]
shown = [int(frame.stem.split("-")[1]) for frame in frames]
first.save(sys.argv[2], save_all=True, append_images=others, duration=shown, loop=0, quality=80, method=6)
print(f"{sys.argv[2]}: {len(frames)} pictures, {sum(shown) / 1000:.0f} s, {Path(sys.argv[2]).stat().st_size // 1024} KB")
