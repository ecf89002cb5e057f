"""Files and web pages -> Documents. The only reader of the corpus folder."""
