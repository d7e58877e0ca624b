"""What is decided for a patient: session, tempo, guard, dose, and what the panel says of it."""
