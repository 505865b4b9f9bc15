package io.miststream.server.security;

import java.security.Principal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Is told who has come, who was turned away, and what they have done. Called on the thread that
 * serves the request: must not wait. Thread-safe.
 */
@FunctionalInterface
public interface Audit {

  /** Writes down nothing. */
  Audit NONE = event -> {};

  /** What has happened. */
  enum Kind {
    /** Somebody has logged in. */
    LOGIN,
    /** Somebody has given a wrong name or password, or too many of them. */
    LOGIN_REFUSED,
    /** A request was turned away: for who has sent it, or because it was one too many. */
    REFUSED,
    /** A stream was opened. */
    VIEWER_OPENED,
    /** A stream was closed. */
    VIEWER_CLOSED,
    /** A deployment was started, or begun by somebody who reports it. */
    DEPLOYMENT_STARTED,
    /** A deployment was called off. */
    DEPLOYMENT_STOPPED
  }

  /**
   * Something that has happened. Texts are as somebody has sent them, and may hold anything.
   *
   * @param user who, null if that is not known; for logins the name that was given
   * @param address where from, empty if that is not known
   * @param path of the request, without parameters
   * @param appId of which app, {@link AccessPolicy#NO_APP} if of none, or not known
   * @param deploymentId of which deployment, 0 if of none
   * @param reason why it was refused, else null
   * @param duration how long the stream was open, where it was closed, else null
   */
  record Event(
      Kind kind,
      @Nullable String user,
      String address,
      String path,
      long appId,
      long deploymentId,
      @Nullable String reason,
      @Nullable Duration duration) {

    /** Something that somebody has done. */
    public static Event of(
        Kind kind, @Nullable Principal user, String address, String path, long appId) {
      return new Event(
          kind, user == null ? null : user.getName(), address, path, appId, 0, null, null);
    }

    /** With the deployment that it is about. */
    public Event ofDeployment(long id) {
      return new Event(kind, user, address, path, appId, id, reason, duration);
    }

    /** With the reason. */
    public Event because(String why) {
      return new Event(kind, user, address, path, appId, deploymentId, why, duration);
    }

    /** With the time that it has taken. */
    public Event after(Duration time) {
      return new Event(kind, user, address, path, appId, deploymentId, reason, time);
    }
  }

  /** Something has happened. */
  void record(Event event);
}
