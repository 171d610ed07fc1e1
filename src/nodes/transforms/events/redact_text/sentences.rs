//! Sentences with numbers, addresses and names in them, all made up, and others that are like them.

/// What was said, and what is told of it.
pub const SAID: [(&str, &str); 66] = [
    // Numbers, in digits and in words.
    ("My code is 4291.", "My code is [number]."),
    ("the pin is four two nine one", "the pin is [number]"),
    (
        "The pin is four, two, nine, one. Thanks.",
        "The pin is [number]. Thanks.",
    ),
    (
        "It is four double two nine, please.",
        "It is [number], please.",
    ),
    ("double seven please", "[number] please"),
    ("oh four two nine please", "[number] please"),
    ("I am forty-three years old.", "I am [number] years old."),
    ("He is forty.", "He is [number]."),
    (
        "She was born in nineteen eighty four.",
        "She was born in [number].",
    ),
    ("on the twenty second of March", "on the [number] of March"),
    (
        "It costs two hundred and five euros",
        "It costs [number] euros",
    ),
    ("three point five percent more", "[number] percent more"),
    ("Born 12/05/1980, at 10:30.", "Born [number], at [number]."),
    ("It cost $1,250.50 today", "It cost $[number] today"),
    ("licence plate AB12 CDE", "licence plate [number] CDE"),
    ("post code SW1A 1AA please", "post code [number] please"),
    ("The number is ४२९१ here", "The number is [number] here"),
    ("on the 3rd floor", "on the [number] floor"),
    ("My pin starts with four", "My pin starts with [number]"),
    ("Seven", "[number]"),
    ("2 dogs", "[number] dogs"),
    ("seventy people came", "[number] people came"),
    ("4 two nine 1 is it", "[number] is it"),
    // Telephone and card numbers.
    ("Call 555-123-4567 now.", "Call [phone] now."),
    ("Call +44 (0)20 7946 0958 now.", "Call +[phone] now."),
    ("five five five one two three four please", "[phone] please"),
    ("triple five, oh one, double two, four", "[phone]"),
    ("card 4111 1111 1111 1111 ends", "card [number] ends"),
    // E-mail addresses.
    (
        "Write to john.smith@example.com, please.",
        "Write to [email], please.",
    ),
    ("john dot smith at example dot com", "[email]"),
    (
        "It is john underscore smith at mail dot example dot org thanks",
        "It is [email] thanks",
    ),
    (
        "write john dot smith at example.com please",
        "write [email] please",
    ),
    ("j s m i t h at example dot com", "[email]"),
    (
        "my mail is anna four two at example dot net okay",
        "my mail is anna [email] okay",
    ),
    ("john at sign example dot com", "[email]"),
    ("mail Bob @ example.com", "mail [email]"),
    ("see www.example.org for more", "see [email] for more"),
    (
        "my page is anna dot example dot com okay",
        "my page is [email] okay",
    ),
    ("My email is john.missa.example.com", "My email is [email]"),
    // Postal addresses.
    ("I live at 12 Elm Street.", "I live at [address]."),
    (
        "I live at twelve elm street in town",
        "I live at [address] in town",
    ),
    (
        "Send it to four two nine old mill road, please",
        "Send it to [address], please",
    ),
    ("We are at 7 Oak Close now", "We are at [address] now"),
    ("221b Baker Street, flat 3", "[address], flat [number]"),
    (
        "He lives at 5 Saint Martin's Lane.",
        "He lives at [address].",
    ),
    ("I work at 350 5th Avenue now", "I work at [address] now"),
    (
        "I live at 12m street in town",
        "I live at [address] in town",
    ),
    // Words of the list.
    ("Alice Brown called.", "[word] Brown called."),
    ("this is ALICE's phone", "this is [word]'s phone"),
    ("the Acme-Corp, you know", "the [word], you know"),
    ("Rene called René", "[word] called [word]"),
    // What stays.
    (
        "Ask Mr.Smith, e.g. about a Ph.D. thesis.",
        "Ask Mr.Smith, e.g. about a Ph.D. thesis.",
    ),
    (
        "Come in. Two of you first, please",
        "Come in. Two of you first, please",
    ),
    ("It was one street away", "It was one street away"),
    ("One moment please.", "One moment please."),
    ("I have two dogs here.", "I have two dogs here."),
    ("One second please.", "One second please."),
    ("oh one more thing", "oh one more thing"),
    (
        "No one was there, not that one.",
        "No one was there, not that one.",
    ),
    (
        "One or two of the people here",
        "One or two of the people here",
    ),
    (
        "The first one, then the second half",
        "The first one, then the second half",
    ),
    ("Two dogs crossed the road.", "Two dogs crossed the road."),
    ("a ten minute drive away", "a ten minute drive away"),
    (
        "One long road ahead, on Elm Street",
        "One long road ahead, on Elm Street",
    ),
    (
        "We meet at noon. Dot is here.",
        "We meet at noon. Dot is here.",
    ),
    ("Malice aforethought, alices", "Malice aforethought, alices"),
];
