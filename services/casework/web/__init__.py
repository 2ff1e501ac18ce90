"""The HTTP doors of casework: JSON for programs, pages for people."""
