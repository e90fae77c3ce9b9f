/** Bytes of the largest firmware image, plain. */
export const MAX_IMAGE_BYTES = 512 * 1_048_576;

/**
 * Bytes of the largest image that is signed as a whole message when it is added, plain: twice as many are in memory then (ADR
 * 083). A larger one is vouched for by its manifest alone.
 */
export const MAX_WHOLE_IMAGE_BYTES = 4 * 1_048_576;
/**
 * The same where a node of version 0.1 is to have the image, which takes none without: it is all that such a signature takes of
 * the 384 MiB that a gateway's unit allows.
 */
export const MAX_OLDER_IMAGE_BYTES = 112 * 1_048_576;

/** Bytes of a chunk as boards take it (contract/2-boards §8). */
export const BOARD_CHUNK_BYTES = 1_024;
/** Bytes of a chunk for nodes where nobody says otherwise, and the most (ADR 088): whole blocks of the cipher. */
export const NODE_CHUNK_BYTES = 262_144;
export const MAX_CHUNK_BYTES = 262_144;

/** Bytes of the boards' partition: the largest encrypted image they take. */
export const MAX_BOARD_IMAGE_BYTES = 1_310_720;
/** The first byte of every image that boards can start. */
export const BOARD_IMAGE_MAGIC = 0xe9;

/** Characters of a manifest that are read at all. */
export const MAX_MANIFEST_CHARS = 8_192;

/** Bytes of the answer that boards read. */
export const MAX_BOARD_ANSWER_BYTES = 2_999;

/** Lines of log that come with the report of a rollback, and characters of each. */
export const MAX_LOG_LINES = 50;
export const MAX_LOG_LINE_CHARS = 500;
