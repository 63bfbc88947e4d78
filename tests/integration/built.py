"""What the build under test has, for tests that need what ./configure can leave out."""
import os
import pathlib

HAS_LIBSPF2 = "#define HAVE_LIBSPF2 1" in (pathlib.Path(os.environ.get("builddir", ".")) / "config.h").read_text()
