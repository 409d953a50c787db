"""A night street after rain: lit façades, lamps, neon, a tram that crosses, someone under an umbrella."""
