"""The release binary under load while everything around it breaks; see docs/torture.md."""
