"""Helpers that stand beside the flow of data: discovery, public checks, argument checks, random numbers, torchaudio."""
