import fc from "fast-check";

/** The smallest counter-example is for people: here one is enough. */
fc.configureGlobal({ endOnFailure: true });
