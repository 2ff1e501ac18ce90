"""How every service's schema is brought up to date."""
