-- What stood in the prompts beside the scenario, so that a resumed cycle is asked exactly the same.
ALTER TABLE prime_cycles ADD COLUMN context /* what was remembered, kept out (and why) and found, as it was given */ TEXT NOT NULL
    DEFAULT '{}' CHECK (json_valid(context));
