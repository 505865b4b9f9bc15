package io.miststream.server;

import io.miststream.core.Cursor;
import io.miststream.core.StreamException;
import io.miststream.server.query.QueryString;
import org.jspecify.annotations.Nullable;

/**
 * What a viewer of a deployment asks for.
 *
 * @param id a positive number
 * @param after the message to go on behind, or null for all of it
 */
record DeploymentRequest(long id, @Nullable Cursor after) {

  /**
   * Reads the parameters of {@code /ws/deployment/logs}. Unknown ones are ignored, an empty value
   * counts as not given.
   *
   * @param rawQuery as it stands in the request, without its question mark
   * @throws StreamException {@code INVALID_REQUEST} naming the parameter that is wrong
   */
  static DeploymentRequest parse(@Nullable String rawQuery) {
    QueryString query = QueryString.parse(rawQuery);
    // The alias calls it id.
    boolean alias = query.one("deploymentId") == null && query.one("id") != null;
    return new DeploymentRequest(query.id(alias ? "id" : "deploymentId"), query.after());
  }
}
