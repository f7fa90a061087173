"""Operations' verbs, one module per record."""
