"""Texts in twelve languages and nine scripts, for tests that compare two implementations of the same model."""

from __future__ import annotations

from itertools import cycle, islice

_PARAGRAPHS = [
    "Genomic medicine uses knowledge of a person's genes to choose a treatment, and hospitals share methods.",
    "Genomisk medicin använder kunskap om en människas gener för att välja behandling, och sjukhusen delar metoder.",
    "Геномная медицина использует знания о генах человека для выбора лечения, и больницы делятся методами.",
    "Η γονιδιωματική ιατρική χρησιμοποιεί τη γνώση των γονιδίων για την επιλογή θεραπείας στα νοσοκομεία.",
    "الطب الجينومي يستخدم معرفة جينات الإنسان لاختيار العلاج، وتتشارك المستشفيات الأساليب.",
    "רפואה גנומית משתמשת בידע על הגנים של האדם כדי לבחור טיפול, ובתי החולים חולקים שיטות.",
    "基因组医学利用对人类基因的了解来选择治疗方法，医院之间共享方法和工具。",
    "ゲノム医療は人の遺伝子の知識を使って治療を選び、病院は方法を共有しています。",
    "유전체 의학은 사람의 유전자에 대한 지식을 사용하여 치료를 선택하고 병원은 방법을 공유한다.",
    "จีโนมิกส์ทางการแพทย์ใช้ความรู้เรื่องยีนของคนเพื่อเลือกการรักษา และโรงพยาบาลแบ่งปันวิธีการ",
    "Genomika daje lekarzom wiedzę o genach człowieka, aby wybrać leczenie; szpitale dzielą się metodami 24/7.",
    "La médecine génomique utilise l'étude des gènes pour choisir un traitement ; les hôpitaux paient 3,5 %.",
]


def sample_texts(count: int) -> list[str]:
    """Return `count` excerpts of different lengths from the paragraphs."""
    samples = []
    for number, paragraph in enumerate(islice(cycle(_PARAGRAPHS), count)):
        start = (number * 3) % max(1, len(paragraph) // 3)
        samples.append(paragraph[start : start + 12 + number % len(paragraph)])
    return samples
