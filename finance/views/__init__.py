"""Pages of finance: records by their outlets, books by their own pages."""
