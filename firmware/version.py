"""The version of Calando, firmware and host alike: the one place where it stands."""

VERSION = "0.1.0"
