"""What outlasts a power cut: records, and the journal of sessions."""
