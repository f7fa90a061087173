"""The person signed in: profile, notices, sessions, second factors; and the door itself."""
