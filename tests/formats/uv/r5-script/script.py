# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "idna>=3",
#     "acme-git",
# ]
#
# [tool.uv.sources]
# acme-git = { git = "https://git.example.com/acme/acme-git.git", rev = "v1.1.0" }
#
# [tool.uv]
# constraint-dependencies = ["idna<4"]
# ///
print("hello")
