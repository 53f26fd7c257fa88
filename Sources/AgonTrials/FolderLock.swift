import AgonRuns
import AgonSweeps
import AgonTraining
import Foundation

extension SweepFolder {
    /// Locks the sweep for this process until the lock is released or the process ends. A process that was just killed
    /// may still hold the lock for a moment.
    ///
    /// Throws `SweepError.sweepBusy`.
    func lock(patience: Double = 5) throws -> RunFolder.Lock {
        do {
            return try FolderLock.waiting(for: RunFolder(path: path), seconds: patience)
        } catch RunError.runBusy {
            throw SweepError.sweepBusy(folder: path)
        }
    }
}

/// Waits for a folder that another process has locked.
enum FolderLock {
    static func waiting(for folder: RunFolder, seconds: Double, stop: StopRequest = .signals) throws -> RunFolder.Lock {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while true {
            do {
                return try folder.lock()
            } catch RunError.runBusy {
                guard clock.now < end, !stop.isMade else {
                    throw RunError.runBusy(folder: folder.path)
                }
                usleep(100_000)
            }
        }
    }
}
