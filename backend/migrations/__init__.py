"""How the schema came to be: one file in `versions` per change, named by its number, `upgrade` and `downgrade` in plain operations.

A migration imports nothing from `app`, so that it stays what it was. On MariaDB each statement commits by itself: write them so that a
migration that broke off can run again (`if_not_exists`).
"""
