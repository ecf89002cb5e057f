"""Reads a question together with a text: does the text answer the question, and with which words?"""
