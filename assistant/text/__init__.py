"""What every stage needs to know of a text: its language, sentences, words and stems."""
