import Foundation
import Synchronization

/// A request to end work early, with its state saved.
///
/// The request `signals` is made by Ctrl-C, SIGTERM, SIGUSR1 and SIGUSR2 (which batch systems send before their time
/// limit), SIGXCPU (at a limit of CPU time) and SIGHUP (when the terminal closes). After the first signal, the step is
/// completed and the state is saved. A second Ctrl-C ends the process at once; the run can then be resumed from its
/// last checkpoint.
public final class StopRequest: Sendable {
    /// The request that signals make while `listening` runs.
    public static let signals = StopRequest()

    /// The signal that made the request; 0 for none.
    private let arrived = Atomic<Int32>(0)
    private let isListening = Atomic<Bool>(false)

    /// A request that only the method `request` can make.
    public init() {}

    /// Whether the work should end.
    public var isMade: Bool { signal != 0 }

    /// The signal that made the request; -1 for the program itself, 0 for no request.
    package var signal: Int32 { arrived.load(ordering: .relaxed) }

    /// The cause of the request, for messages.
    var reason: String {
        switch signal {
        case SIGINT: "interrupted (Ctrl-C)"
        case SIGTERM: "terminated (SIGTERM)"
        case SIGUSR1: "asked to stop (SIGUSR1)"
        case SIGUSR2: "asked to stop (SIGUSR2)"
        case SIGHUP: "terminal closed (SIGHUP)"
        case SIGXCPU: "CPU time limit reached (SIGXCPU)"
        default: "stopped"
        }
    }

    /// Makes the request.
    ///
    /// - Parameter signal: the signal that `reason` names; -1 for the program itself.
    public func request(signal: Int32 = -1) { arrived.store(signal, ordering: .relaxed) }

    /// For `signals`, discards earlier requests and handles the signals while `body` runs. SIGHUP remains ignored if it
    /// was ignored before, as under nohup. Within another call, it is that call that listens, and requests stay.
    package func listening<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard self === Self.signals, !isListening.exchange(true, ordering: .relaxed) else { return try body() }
        defer { isListening.store(false, ordering: .relaxed) }
        arrived.store(0, ordering: .relaxed)
        let signals = [SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGXCPU]
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
            if signal == SIGHUP, Self.isIgnored(old) { sigaction(signal, &old, nil) }
            former.append(old)
        }
        // The parent may have blocked the signals: some programs start children from threads that block all signals.
        var handled = sigset_t()
        var formerMask = sigset_t()
        sigemptyset(&handled)
        for signal in signals { sigaddset(&handled, signal) }
        pthread_sigmask(SIG_UNBLOCK, &handled, &formerMask)
        defer {
            pthread_sigmask(SIG_SETMASK, &formerMask, nil)
            for (signal, old) in zip(signals, former) {
                var old = old
                sigaction(signal, &old, nil)
            }
        }
        return try body()
    }

    /// Whether the process ignores a signal.
    package static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        return sigaction(number, nil, &action) == 0 && isIgnored(action)
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        #if canImport(Darwin)
            let handler = action.__sigaction_u.__sa_handler
        #else
            let handler = action.__sigaction_handler.sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    fileprivate func arrive(_ signal: Int32) {
        let former = arrived.exchange(signal, ordering: .relaxed)
        guard signal == SIGINT else { return }
        if former == SIGINT { _exit(75) }
        // A step may take half a minute, so a person at the terminal is answered at once.
        if isatty(STDERR_FILENO) == 1 { _ = write(STDERR_FILENO, Self.notice.utf8Start, Self.notice.utf8CodeUnitCount) }
    }

    /// A static string, since a signal handler must not allocate memory.
    private static let notice: StaticString = "\nstopping after the current step; press Ctrl-C again to stop at once\n"
}

private func stopHandler(_ signal: Int32) { StopRequest.signals.arrive(signal) }
