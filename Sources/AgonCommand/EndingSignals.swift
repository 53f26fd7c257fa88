import AgonTensors
import AgonTraining
import Foundation

/// Signals that end the program. Long work handles most of them itself while it lasts (`StopRequest`).
enum EndingSignals {
    /// Removes partial files before a signal ends the program, and lets Ctrl-\ end it at once: Swift's runtime would
    /// print the state of all threads and go on. Signals that the parent lets it ignore, as nohup does, remain ignored.
    static func handle() {
        // The first call allocates memory, which a handler must not do.
        UnfinishedFile.removeAll()
        for number in [SIGINT, SIGTERM, SIGHUP] where !StopRequest.isIgnored(number) { signal(number, removeAndEnd) }
        if !StopRequest.isIgnored(SIGQUIT) { signal(SIGQUIT, SIG_DFL) }
    }
}

private func removeAndEnd(_ number: Int32) {
    UnfinishedFile.removeAll()
    signal(number, SIG_DFL)
    raise(number)
}
