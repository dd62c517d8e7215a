;; A core that is bad on purpose, with the interface of the real one. `connect(n)` says how; the
;; next `step` does it. traps.c has what must come of each.
(module
  (import "host" "jRead" (func $jRead (param i32 i32 i32 i32) (result i32)))
  (import "host" "jWrite" (func $jWrite (param i32 i32 i32 i32) (result i32)))
  (import "host" "jErase" (func $jErase (param i32) (result i32)))
  (import "host" "sRead" (func $sRead (param i32 i32 i32 i32) (result i32)))
  (import "host" "sWrite" (func $sWrite (param i32 i32 i32 i32) (result i32)))
  (import "host" "sErase" (func $sErase (param i32 i32) (result i32)))
  (import "host" "random" (func $random (param i32 i32) (result i32)))

  (memory (export "memory") 1 1)
  (data (i32.const 1024) "alive")
  (global (export "__data_end") i32 (i32.const 2048))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global $how (mut i32) (i32.const 0))
  (global $zero (mut i32) (i32.const 0))

  ;; Done, with `err` and the receive buffer at 1100.
  (func $done (param $err i32) (result i32)
    (i32.store (i32.const 20) (local.get $err))
    (i32.store (i32.const 24) (i32.const 1100))
    (i32.store (i32.const 28) (i32.const 256))
    (i32.const 0))

  (func $recurse (param $depth i32) (result i32)
    (i32.add (i32.const 1) (call $recurse (i32.add (local.get $depth) (i32.const 1)))))

  ;; An Exchange whose URL, message or buffer is not in memory.
  (func $exchange (param $at i32) (param $bytes i32) (result i32)
    (i32.store (i32.const 20) (local.get $at))
    (i32.store (i32.const 24) (local.get $bytes))
    (i32.const 1))

  ;; Reaches for areas and ranges that there are not. Each is refused with Misuse, -60; answers how
  ;; many were not.
  (func $reach (result i32)
    (local $missed i32)
    (local.set $missed (i32.const 7))
    (local.set $missed (i32.sub (local.get $missed)
      (i32.eq (i32.const -60) (call $jErase (i32.const 2)))))
    (local.set $missed (i32.sub (local.get $missed)
      (i32.eq (i32.const -60) (call $sErase (i32.const -2) (i32.const 0)))))
    (local.set $missed (i32.sub (local.get $missed)
      (i32.eq (i32.const -60) (call $sErase (i32.const 31) (i32.const 0)))))
    (local.set $missed (i32.sub (local.get $missed) (i32.eq (i32.const -60)
      (call $jRead (i32.const 0) (i32.const 24576) (i32.const 1100) (i32.const 1)))))
    (local.set $missed (i32.sub (local.get $missed) (i32.eq (i32.const -60)
      (call $jRead (i32.const 0) (i32.const -1) (i32.const 1100) (i32.const 1)))))
    (local.set $missed (i32.sub (local.get $missed) (i32.eq (i32.const -60)
      (call $jWrite (i32.const 0) (i32.const 1) (i32.const 1100) (i32.const 4)))))
    (local.set $missed (i32.sub (local.get $missed) (i32.eq (i32.const -60)
      (call $sRead (i32.const -1) (i32.const 0) (i32.const 1100) (i32.const 4)))))
    (local.get $missed))

  (func (export "start") (result i32)
    (drop (call $done (i32.const 0)))
    ;; -41, Damaged: the data segment is not there.
    (if (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 97)) (then (return (i32.const -41))))
    (i32.const 0))

  (func (export "step") (result i32)
    (local $how i32)
    (local.set $how (global.get $how))
    (global.set $how (i32.const 0))
    (block $default
      (block $13 (block $12 (block $11 (block $10 (block $9 (block $8 (block $7 (block $6
        (block $5 (block $4 (block $3 (block $2 (block $1
          (br_table $default $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 $13 $default
            (local.get $how)))
          ;; 1 the first byte that is not backed, though the page has it
          (return (i32.load8_u (i32.const 2048))))
          ;; 2 the last address that there is
          (i32.store (i32.const -1) (i32.const 1)) (br $default))
        ;; 3 a word that begins inside
        (return (i32.load (i32.const 2045))))
        ;; 4
        (return (i32.div_u (i32.const 1) (global.get $zero))))
        ;; 5
        (return (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $zero) (i32.const 1)))))
        ;; 6
        (unreachable))
        ;; 7
        (return (call $recurse (i32.const 0))))
        ;; 8 an import reads to where no memory is
        (return (call $jRead (i32.const 0) (i32.const 0) (i32.const 2040) (i32.const 9))))
        ;; 9 and writes from an end that wraps round
        (return (call $sWrite (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const -4))))
        ;; 10
        (return (call $random (i32.const -8) (i32.const 16))))
        ;; 11 arguments of a reason
        (return (call $exchange (i32.const 2000) (i32.const 100))))
        ;; 12 no trap
        (return (call $done (call $reach))))
      ;; 13 a reason of another version
      (return (i32.const 99)))
    (call $done (i32.const 0)))

  (func (export "resume") (param i32))
  (func (export "feed") (param i32) (result i32) (i32.const 0))
  ;; A notification of n bytes is connect(n).
  (func (export "notify") (param i32) (result i32)
    (global.set $how (local.get 0))
    (i32.const 0))
  (func (export "bootstrap") (param i32) (result i32) (i32.const -60))
  (func (export "event") (param i32 i32 i32) (result i32) (i32.const -60))
  (func (export "look") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "connect") (param i32) (result i32)
    (global.set $how (local.get 0))
    (i32.const 0)))
