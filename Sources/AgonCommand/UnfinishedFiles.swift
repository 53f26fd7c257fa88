import AgonTensors
import Foundation

/// Files of which a part is written when a signal ends the program.
enum UnfinishedFiles {
    /// Lets signals that end the program remove them first. Long work handles these signals itself while it lasts.
    static func removeAtSignals() {
        for number in [SIGINT, SIGTERM, SIGHUP] where !StandardStreams.isIgnored(number) {
            signal(number, removeAndEnd)
        }
    }
}

private func removeAndEnd(_ number: Int32) {
    UnfinishedFile.removeAll()
    signal(number, SIG_DFL)
    raise(number)
}
