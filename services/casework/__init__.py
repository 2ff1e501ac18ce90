"""casework: the case until it is closed or handed over; catalogue and checklists."""
