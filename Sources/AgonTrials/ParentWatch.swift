import AgonTensors
import AgonTraining
import Foundation

/// Ends a trial together with the process that started it, so that no trial keeps running after its sweep was killed.
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
                // Repeated, because training discards requests from before it began to listen.
                if isOrphan { StopRequest.signals.request() }
            }
        }
    }
}
