import Foundation

/// Where Agon keeps data that it can recreate: `$AGON_CACHE`, else the user's own cache.
package enum CacheFolder {
    package static func path(_ name: String, environment: [String: String] = ProcessInfo.processInfo.environment)
        -> String
    {
        func named(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
        let folder =
            named("AGON_CACHE") ?? named("XDG_CACHE_HOME").map { $0 + "/agon" }
            ?? (named("HOME") ?? NSHomeDirectory()) + "/.cache/agon"
        return folder + "/" + name
    }
}
