#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends the process when memory runs out.
public enum MemoryShortage {
    /// Stopped by a transient cause: the run can be resumed from its last checkpoint.
    private static let exitCode: Int32 = 75

    /// Reports what could not be allocated and ends the process with the exit code of a resumable run.
    ///
    /// - Parameter wanted: such as "12 MB for the activations".
    public static func end(wanting wanted: String) -> Never {
        write("agon: error: out of memory: cannot allocate \(wanted)\(advice)\n")
        _exit(exitCode)
    }

    /// Does the same when an allocation of the standard library fails, which traps. Other traps keep their effect. For
    /// programs, not libraries: this installs signal handlers.
    public static func handleTraps() {
        // A user who asked for backtraces wants those.
        guard getenv("SWIFT_BACKTRACE") == nil else { return }
        for number in [SIGILL, SIGTRAP, SIGABRT] {
            signal(number) { number in
                // Must not allocate. If even this much cannot be mapped, the trap is taken for a failed allocation.
                let probe = 16 << 20
                let memory = mmap(nil, probe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
                if memory == MAP_FAILED {
                    MemoryShortage.writeTrapMessage()
                    _exit(MemoryShortage.exitCode)
                }
                munmap(memory, probe)
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    private static let advice =
        "; close other programs, raise the limit (ulimit -v), or take fewer threads (--threads) or a smaller batchSize"

    private static func writeTrapMessage() {
        let message: StaticString = """
            agon: error: out of memory; close other programs, raise the limit (ulimit -v), or take fewer threads \
            (--threads) or a smaller batchSize

            """
        _ = put(message.utf8Start, message.utf8CodeUnitCount)
    }

    private static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = put($0.baseAddress, $0.count) }
    }

    private static func put(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(STDERR_FILENO, bytes, count)
        #else
            Darwin.write(STDERR_FILENO, bytes, count)
        #endif
    }
}
