"""What to write instead: the edits that rules offer, as text put in place of what stands in the script."""
