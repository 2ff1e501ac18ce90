"""What runs by the clock in casework."""
