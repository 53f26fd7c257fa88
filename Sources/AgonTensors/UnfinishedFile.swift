import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A partial file that this process is writing, for the signal handlers that end it.
///
/// A handler may neither allocate memory nor wait, so that the names are C strings in fixed places.
public final class UnfinishedFile: Sendable {
    /// The address of the name; 0 for none.
    private let name = Atomic<Int>(0)

    /// More files than are written at once.
    private static let places = (0..<16).map { _ in UnfinishedFile() }

    /// Nil if all places are taken. The file then stays if a signal ends the program.
    static func begin(_ path: String) -> UnfinishedFile? {
        guard let copy = strdup(path) else { return nil }
        let address = Int(bitPattern: copy)
        let place = places.first {
            $0.name.compareExchange(expected: 0, desired: address, ordering: .acquiringAndReleasing).exchanged
        }
        if place == nil { free(copy) }
        return place
    }

    func end() { free(UnsafeMutablePointer<CChar>(bitPattern: name.exchange(0, ordering: .acquiringAndReleasing))) }

    /// Removes the partial files of this process, which must end then.
    public static func removeAll() {
        for place in places {
            if let path = UnsafePointer<CChar>(bitPattern: place.name.load(ordering: .acquiring)) { unlink(path) }
        }
    }
}
