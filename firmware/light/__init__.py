"""From the light of the sensor to pulse, beats, oxygen and variability."""
