import AgonTensors
import AgonTraining
import Foundation

/// Ends a trial together with the process that started it, so that nothing goes on behind the back of a sweep that was
/// killed.
public enum ParentWatch {
    /// Asks the training to stop once the parent, or the sweep named in `AGON_SWEEP`, is gone.
    ///
    /// Throws `TensorsError.noThread`.
    public static func start() throws {
        let parent = getppid()
        let sweep = ProcessInfo.processInfo.environment[SweepRun.variable].flatMap(pid_t.init)
        try startThread("agon parent") {
            while true {
                usleep(200_000)
                let isOrphan = getppid() != parent || sweep.map { kill($0, 0) != 0 && errno == ESRCH } == true
                // Again and again: training forgets what was asked before it began to listen.
                if isOrphan { StopRequest.signals.request() }
            }
        }
    }
}
