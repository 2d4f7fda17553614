"""Companies, managers, letters, and sending them to the people who vet."""
