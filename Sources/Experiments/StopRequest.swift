import Foundation
import Synchronization

/// Signals that ask a run to stop: Ctrl-C, SIGTERM, and SIGUSR1, which batch systems send before their time limit.
///
/// The first lets the step end and the state be saved. A second Ctrl-C ends the process at once; the run can then be
/// resumed from its last checkpoint.
enum StopRequest {
    /// The signal that arrived, 0 for none.
    private static let arrived = Atomic<Int32>(0)

    static var signal: Int32 { arrived.load(ordering: .relaxed) }

    static var name: String {
        switch signal {
        case SIGINT: "interrupted (Ctrl-C)"
        case SIGTERM: "terminated (SIGTERM)"
        case SIGUSR1: "asked to stop (SIGUSR1)"
        default: "stopped"
        }
    }

    /// Asks for a stop from within the program.
    static func request() { arrived.store(ofProgram, ordering: .relaxed) }

    /// No signal's number.
    private static let ofProgram: Int32 = -1

    /// Takes over the three signals while `body` runs.
    static func listening<Result>(_ body: () throws -> Result) rethrows -> Result {
        arrived.store(0, ordering: .relaxed)
        let signals = [SIGINT, SIGTERM, SIGUSR1]
        var former: [sigaction] = []
        for signal in signals {
            var action = sigaction()
            #if canImport(Darwin)
                action.__sigaction_u.__sa_handler = stopHandler
            #else
                action.__sigaction_handler.sa_handler = stopHandler
            #endif
            action.sa_flags = Int32(SA_RESTART)
            var old = sigaction()
            sigaction(signal, &action, &old)
            former.append(old)
        }
        defer {
            for (signal, old) in zip(signals, former) {
                var old = old
                sigaction(signal, &old, nil)
            }
        }
        return try body()
    }

    fileprivate static func arrive(_ signal: Int32) {
        if arrived.exchange(signal, ordering: .relaxed) == SIGINT, signal == SIGINT { _exit(75) }
    }
}

private func stopHandler(_ signal: Int32) { StopRequest.arrive(signal) }
