"""The rules of case work, pure: no clock, no SQL, no I/O."""
