# /// script
# requires-python = ">=3.9"
# dependencies = ["six==1.16.0", "idna", "toml"]
# ///
import six
print(six.__version__)
