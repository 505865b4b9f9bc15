#!/bin/sh
# A web shop that does nothing but talk about it: two lines a second, errors on stderr.

trap 'log INFO main "Signal received, shutting down"; log INFO main "Goodbye"; exit 0' TERM INT

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# level, where, what
log() { printf '%s %-5s [%s] %s\n' "$(now)" "$1" "$2" "$3"; }

# A number from 0 up to $1.
below() { echo $((RANDOM % $1)); }

pick() {
  shift "$(below $#)"
  echo "$1"
}

order=10400

visit() {
  log INFO http "$(pick GET GET GET HEAD) $(pick / /cart /search?q=lamp /search?q=teapot /products/118 /products/42 /help/shipping) 200 in $(($(below 40) + 3)) ms"
}

buy() {
  order=$((order + 1))
  log INFO checkout "Order $order placed: $(($(below 4) + 1)) items, EUR $(($(below 180) + 9)).$(pick 00 49 90 95)"
  log INFO payment "Order $order paid by $(pick card card invoice wallet) in $(($(below 300) + 120)) ms"
  log INFO mail "Confirmation of order $order handed to the mail queue"
}

remark() {
  case $(below 5) in
    0) log WARN db "Slow query: $(($(below 900) + 600)) ms for SELECT … FROM stock WHERE sku = 'LMP-$(below 900)'" ;;
    1) log WARN stock "Only $(($(below 4) + 1)) left of SKU TEA-$(below 900)" ;;
    2) log WARN http "Client $(below 200).0.113.$(below 250) sent 40 requests in a second, slowing it down" ;;
    3) log WARN cache "Hit rate down to $(($(below 20) + 55)) %, evicting $(below 900) entries" ;;
    4) log WARN session "Cart of visitor $(below 9000) expired with $(($(below 5) + 1)) items in it" ;;
  esac
}

trouble() {
  case $(below 3) in
    0)
      log ERROR payment "Order $((order + 1)): the payment provider did not answer within 5000 ms"
      echo "java.net.http.HttpTimeoutException: request timed out"
      echo "    at shop.payment.ProviderClient.charge(ProviderClient.java:118)"
      echo "    at shop.checkout.Checkout.pay(Checkout.java:74)"
      log WARN payment "Order $((order + 1)): trying again in 2 s, attempt 2 of 3"
      ;;
    1) log ERROR http "POST /cart 500 in $(($(below 60) + 8)) ms: quantity must be a number, was \"zwei\"" ;;
    2) log ERROR mail "Mail server refused the message to visitor $(below 9000): mailbox full" ;;
  esac >&2
}

log INFO main "Starting shop 4.2.1 on ${HOSTNAME:-localhost}"
log INFO main "Profile: demo"
log INFO config "Read 38 settings from /etc/shop/shop.yaml"
log INFO db "Connecting to postgres://shop-db:5432/shop"
log INFO db "Connection pool ready: 10 connections"
log INFO db "Schema is at version 57, nothing to migrate"
log INFO cache "Warmed up with 1248 products"
log WARN mail "No reply address is set, using shop@example.com"
log INFO http "Listening on port 8000"
log INFO main "Started in 1.8 s"

while :; do
  case $(below 20) in
    0 | 1 | 2) buy ;;
    3 | 4 | 5) remark ;;
    6) trouble ;;
    *) visit ;;
  esac
  sleep "$(pick 0.3 0.5 0.7 0.9)"
done
