"""What is true of AWS, as data with typed look-ups; each fact names its source."""
