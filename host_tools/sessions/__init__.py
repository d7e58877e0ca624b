"""What a device kept of its sessions: read, exported, drawn and put in words."""
