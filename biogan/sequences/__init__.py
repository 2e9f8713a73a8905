"""DNA, RNA and protein: data sets, tokenizer, splits, files, similarity, metrics."""
