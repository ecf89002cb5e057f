"""Neutral questions and statements, from which the mean of a model's word vectors is estimated.

In texts of the same kind and language, all word vectors share a large component. Once this component has been
subtracted, words are easier to tell apart ("all but the top", Mu & Viswanath 2018, arXiv:1702.01417). The questions
and statements were written for this purpose and don't come from a data set.
"""

from __future__ import annotations

NEUTRAL_QUESTIONS = {
    "en": (
        "When was the bridge built?", "Who wrote the report?", "How many people live in the town?",
        "What does the law say about noise?", "Which company owns the harbour?", "How do I apply for a permit?",
        "Why did the price of bread rise?", "What is the treatment for the disease?", "Where is the archive kept?",
        "How long does delivery take?", "What causes rust on steel?", "Can I change my password?",
        "Which countries signed the agreement?", "What are the symptoms of the illness?", "Who leads the committee?",
        "What is the purpose of the project?", "How much does a ticket cost?", "Where do the birds spend the winter?",
        "What happened after the election?", "Is the museum open on Sundays?", "What kind of wood is used for boats?",
        "How are the samples analysed?", "Who pays for the road?", "What is the name of the river?",
    ),
    "sv": (
        "När byggdes bron?", "Vem skrev rapporten?", "Hur många bor i staden?", "Vad säger lagen om buller?",
        "Vilket företag äger hamnen?", "Hur ansöker jag om tillstånd?", "Varför steg priset på bröd?",
        "Vilken behandling finns mot sjukdomen?", "Var förvaras arkivet?", "Hur lång tid tar leveransen?",
        "Vad orsakar rost på stål?", "Kan jag byta mitt lösenord?", "Vilka länder skrev under avtalet?",
        "Vilka symtom har sjukdomen?", "Vem leder kommittén?", "Vad är syftet med projektet?",
        "Hur mycket kostar en biljett?", "Var övervintrar fåglarna?", "Vad hände efter valet?",
        "Är museet öppet på söndagar?", "Vilket slags trä används till båtar?", "Hur analyseras proverna?",
        "Vem betalar för vägen?", "Vad heter floden?",
    ),
}  # fmt: skip
NEUTRAL_STATEMENTS = (
    "The bridge was built in 1932 and repaired twice.", "The committee wrote a report for the government.",
    "About twelve thousand people live in the town.", "The company sells furniture in several countries.",
    "Permits are issued by the local office within three weeks.", "The price of bread rose because of the drought.",
    "Patients are treated with a new medicine.", "The archive is kept in the old town hall.",
    "Steel rusts when it meets water and oxygen.", "The agreement was signed by nine countries.",
    "Bron byggdes 1932 och har reparerats två gånger.", "Kommittén skrev en rapport till regeringen.",
    "Omkring tolv tusen människor bor i staden.", "Företaget säljer möbler i flera länder.",
    "Tillstånd utfärdas av det lokala kontoret inom tre veckor.", "Priset på bröd steg på grund av torkan.",
    "Patienterna behandlas med ett nytt läkemedel.", "Arkivet förvaras i det gamla rådhuset.",
    "Stål rostar när det möter vatten och syre.", "Avtalet skrevs under av nio länder.",
)  # fmt: skip
