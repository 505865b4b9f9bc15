package io.miststream.cli;

import java.util.List;

/**
 * An app of the file's catalogue.
 *
 * @param id 1 or more
 * @param name for people, the id where the file gives none
 * @param containers exact names of its containers
 */
record App(long id, String name, List<String> containers) {}
